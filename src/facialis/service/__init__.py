"""The page and its service: findings for people who have a browser and nothing else."""
