"""What the site says: sections, references, corrections and the glossary."""
