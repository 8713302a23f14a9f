"""Arrays become logits: the nets of the study and their fusions. Needs the extra ``train``."""
