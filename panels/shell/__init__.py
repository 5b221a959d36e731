"""What surrounds the panels: theme, header, sidebar, uploads, examples, links."""
