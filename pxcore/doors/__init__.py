"""Groups of calls behind the one door (:mod:`pxcore.api`): one subject a file."""
