"""Widgets in other sites: snippets, oEmbed and preview cards."""
