"""Widgets in other people's pages: snippets, oEmbed and cards."""
