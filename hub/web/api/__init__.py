"""The JSON API: one table of routes, from which the handlers and the OpenAPI document are made."""
