"""The real server as a process, spoken to over real sockets: races and abuse."""
