def write_report(r, p): pass
