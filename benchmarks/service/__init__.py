"""The service over HTTP: throughput, latency, overload and endurance, on a real socket."""
