"""What screens share: session, errors, links, figures, tables, galleries."""
