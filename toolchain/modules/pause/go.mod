module tristack.local/toolchain/pause

go 1.26
