"""Cards: the images that other sites show with a link to a page of ours, for exactly its state.

Drawn as SVG and rendered here, without a browser and without the fonts of the system.
"""
