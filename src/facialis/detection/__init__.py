"""A trained model becomes a detector, and a picture a finding. Needs no torch."""
