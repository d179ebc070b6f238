# lib/base — what every room stands on.
