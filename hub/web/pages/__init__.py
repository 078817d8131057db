"""The pages: what each shows and what its forms do, over the same functions as the API."""
