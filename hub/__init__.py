"""The lab beside JupyterHub: domain, policy, gate, services, adapters, web, worker, command line."""
