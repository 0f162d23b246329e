"""The checks, one a file, in a folder for each area; litxdb/doctor/check.py says what a check is."""
