import AvocetCommand

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

Signals.install()
exit(runAvocet(processArguments(), streams: .standard))
