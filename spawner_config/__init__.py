"""How workspaces and other containers are isolated, named, spawned and reached."""
