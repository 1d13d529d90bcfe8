"""The kernels of the build and of its verification. They talk to this machine only."""

c = get_config()  # noqa: F821 - given by IPython
c.HistoryManager.enabled = False
c.IPKernelApp.log_level = 40  # no advice about encryption for a connection inside one machine
