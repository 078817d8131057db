"""The portal: pages and JSON API of the lab, a JupyterHub-managed service."""
