"""How fast exported files are, beside each other and other runtimes."""
