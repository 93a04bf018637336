"""What the suite, the bench and the fault runs share: real services on free ports."""
