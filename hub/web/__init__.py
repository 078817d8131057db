"""The portal: pages and JSON API of the lab, a service of the hub's."""
