"""Preview images of pages, drawn as SVG and rendered to PNG without a browser or system fonts."""
