"""Pages for people: what is on them and how it looks; `fvs_server.routes` serves them."""
