"""What a user starts: spec, plan, execution, runner, engine."""
