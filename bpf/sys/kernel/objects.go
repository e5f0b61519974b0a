package kernel

// The objects are made from c by clang 14 of Debian 12 and committed. Blocks of
// legacy stay in the order of the source, so that no jump leads backwards.
//
//go:generate go tool bpf2go -cc clang-14 -strip llvm-strip-14 -target bpfel -no-global-types -cflags "-O2 -Wall -Werror -mcpu=v3" sock c/sock.c
//go:generate go tool bpf2go -cc clang-14 -strip llvm-strip-14 -target bpfel -no-global-types -cflags "-O2 -Wall -Werror -mcpu=v3" fexit c/fexit.c
//go:generate go tool bpf2go -cc clang-14 -strip llvm-strip-14 -target bpfel -no-global-types -cflags "-O2 -Wall -Werror -mcpu=v3" fexitWalk c/fexit_walk.c
//go:generate go tool bpf2go -cc clang-14 -strip llvm-strip-14 -target bpfel -no-global-types -cflags "-O2 -Wall -Werror -mcpu=v3" syscall c/syscall.c
//go:generate go tool bpf2go -cc clang-14 -strip llvm-strip-14 -target bpfel -no-global-types -cflags "-O2 -Wall -Werror -mcpu=v1 -mllvm -disable-block-placement -mllvm -disable-branch-fold" legacy c/legacy.c
//go:generate go tool bpf2go -cc clang-14 -strip llvm-strip-14 -target bpfel -no-global-types -cflags "-O2 -Wall -Werror -mcpu=v3" goWake c/gowake.c
