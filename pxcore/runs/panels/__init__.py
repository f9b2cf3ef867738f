"""Questions about smaller panels: from a spec's question to trainings, findings and files."""
