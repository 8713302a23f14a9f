"""Many faces become a cohort: one table of frames and one array file a modality."""
