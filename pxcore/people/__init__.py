"""People of a lab: accounts, logging in, and what each may do."""
