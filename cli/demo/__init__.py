"""`interlock demo`: a scripted team that works on a server of its own, by the calls that real agents make."""
