"""What a user starts: spec, plan (spec -> tasks), execution, the runner process, results."""
