"""Programs that run inside the lab's containers, and nowhere else."""
