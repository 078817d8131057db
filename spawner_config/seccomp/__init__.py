"""Which of the kernel's calls a container of the lab may make, each with its reason."""
