"""A cohort and a recipe become results. Needs the extra ``train``."""
