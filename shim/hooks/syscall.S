// syscall, dlopen and vfork, the hooks that must not have a frame.
//
// syscall: the JVM calls it hot, with up to seven arguments of which one lies on the stack. Compare
// the number, and for all but a few jump on with registers and stack as they came.
// dlopen: the loader takes the caller's address for $ORIGIN, RUNPATH and the namespace. A jump
// leaves the true caller on the stack. With RTLD_DEEPBIND a module named by a plain path, where the
// caller does not matter, takes the long way (shim/rebind.h); of others the flag is taken away.
// vfork: parent and child return to the same frame. That it was called is noted for the thread, and the next one who
// wants to know which of the two it is asks the kernel. Under a filter of the program's own nobody may ask: there the call
// is made here, and both are told who they are.

#include <sys/syscall.h>

#define MINE      _ZN9sockwatch4shim6thread4mineE  /* thread::mine */
#define SANDBOXED _ZN9sockwatch4shim5state9sandboxedE
#define FOREIGN   60  /* offsetof(Thread, foreign) */
#define BORROWER  1   /* thread::kBorrower */
#define OWN_TABLE 2   /* thread::kOwnTable */
#define VFORKED   4   /* thread::kVforked */
#define NO_FORK 0x80100  /* CLONE_VM, CLONE_SETTLS: linux/sched.h, which is C */

#if defined(__x86_64__)
#if defined(__CET__)
#include <cet.h>
#else
#define _CET_ENDBR
#endif

        .text
        .p2align 4
        .globl  syscall
        .type   syscall, @function
syscall:
        .cfi_startproc
        _CET_ENDBR
        movq    sockwatch_real_syscall(%rip), %rax
        testq   %rax, %rax
        jz      .Lraw
        cmpq    $SYS_close, %rdi
        je      .Llook
        cmpq    $SYS_connect, %rdi
        je      .Llook
        cmpq    $SYS_dup2, %rdi
        je      .Llook
        cmpq    $SYS_dup3, %rdi
        je      .Llook
        cmpq    $SYS_close_range, %rdi
        je      .Llook
        cmpq    $SYS_unshare, %rdi
        je      .Llook
        cmpq    $SYS_seccomp, %rdi
        je      .Llook
        cmpq    $SYS_prctl, %rdi
        je      .Llook
        cmpq    $SYS_fork, %rdi
        je      .Llook
        cmpq    $SYS_clone, %rdi
        je      .Lclone
        jmp     *%rax
.Lclone:                                // with memory in common, another stack or thread-local memory it is no fork for us
        testl   $NO_FORK, %esi
        jnz     .Lpass
        testq   %rdx, %rdx
        jz      .Llook
.Lpass:
        jmp     *%rax
.Llook:
        jmp     sockwatch_syscall
.Lraw:                                  // before our constructor: the kernel itself
        movq    %rdi, %rax
        movq    %rsi, %rdi
        movq    %rdx, %rsi
        movq    %rcx, %rdx
        movq    %r8, %r10
        movq    %r9, %r8
        movq    8(%rsp), %r9
        syscall
        cmpq    $-4095, %rax
        jae     .Lfailed
        ret
.Lfailed:
        movq    %rax, %rdi
        jmp     sockwatch_set_errno
        .cfi_endproc
        .size   syscall, . - syscall

        .p2align 4
        .globl  dlopen
        .type   dlopen, @function
dlopen:
        .cfi_startproc
        _CET_ENDBR
        movl    sockwatch_dlopen_mask(%rip), %eax
        notl    %eax
        testl   %eax, %esi
        jnz     .Ldeep
.Lopen:
        movq    sockwatch_real_dlopen(%rip), %rax
        testq   %rax, %rax
        jz      .Lfind
        jmp     *%rax
.Lfind:
        pushq   %rdi
        .cfi_adjust_cfa_offset 8
        pushq   %rsi
        .cfi_adjust_cfa_offset 8
        .cfi_offset %rip, -8
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        call    sockwatch_find_dlopen
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        popq    %rsi
        .cfi_adjust_cfa_offset -8
        popq    %rdi
        .cfi_adjust_cfa_offset -8
        testq   %rax, %rax
        jz      .Lnone
        jmp     *%rax
.Lnone:
        ret                             // NULL: there is no loader to open it
.Ldeep:
        pushq   %rdi
        .cfi_adjust_cfa_offset 8
        pushq   %rsi
        .cfi_adjust_cfa_offset 8
        .cfi_offset %rip, -8
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        call    sockwatch_names_a_path
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        popq    %rsi
        .cfi_adjust_cfa_offset -8
        popq    %rdi
        .cfi_adjust_cfa_offset -8
        testl   %eax, %eax
        jnz     sockwatch_dlopen_deep
        andl    sockwatch_dlopen_mask(%rip), %esi
        jmp     .Lopen
        .cfi_endproc
        .size   dlopen, . - dlopen

        .p2align 4
        .globl  vfork
        .globl  __vfork
        .type   vfork, @function
vfork:
        .cfi_startproc
        _CET_ENDBR
        movq    sockwatch_real_vfork(%rip), %rcx
        testq   %rcx, %rcx
        jz      .Lvfork_early
        movq    MINE@gottpoff(%rip), %rdx
        orl     $VFORKED, %fs:FOREIGN(%rdx)
        cmpb    $0, SANDBOXED(%rip)
        jne     .Lvfork_told
        jmp     *%rcx
.Lvfork_told:
        .cfi_remember_state
        popq    %rsi                    // the kernel leaves it alone, and the child what lies on the stack does not
        .cfi_adjust_cfa_offset -8
        .cfi_register %rip, %rsi
        movl    $SYS_vfork, %eax
        syscall
        pushq   %rsi
        .cfi_adjust_cfa_offset 8
        .cfi_offset %rip, -8
        testl   %eax, %eax
        jz      .Lvfork_child
        andl    $OWN_TABLE, %fs:FOREIGN(%rdx)
        cmpq    $-4095, %rax
        jae     .Lvfork_failed
        ret
.Lvfork_child:
        orl     $BORROWER, %fs:FOREIGN(%rdx)
        popq    %rsi
        .cfi_adjust_cfa_offset -8
        .cfi_register %rip, %rsi
        jmp     *%rsi                   // a shadow stack is the parent's
.Lvfork_failed:
        .cfi_adjust_cfa_offset 8
        .cfi_offset %rip, -8
        movq    %rax, %rdi
        jmp     sockwatch_set_errno
.Lvfork_early:                          // before our constructor
        .cfi_restore_state
        popq    %rsi
        .cfi_adjust_cfa_offset -8
        .cfi_register %rip, %rsi
        movl    $SYS_vfork, %eax
        syscall
        testl   %eax, %eax
        jz      .Lvfork_early_child
        pushq   %rsi
        .cfi_remember_state
        .cfi_adjust_cfa_offset 8
        .cfi_offset %rip, -8
        cmpq    $-4095, %rax
        jae     .Lvfork_failed
        ret
.Lvfork_early_child:
        .cfi_restore_state
        jmp     *%rsi                   // as above
        .cfi_endproc
        .size   vfork, . - vfork
        .set    __vfork, vfork

#elif defined(__aarch64__)
        .text
        .p2align 4
        .globl  syscall
        .type   syscall, @function
syscall:
        .cfi_startproc
        hint    #34                     // bti c
        adrp    x16, sockwatch_real_syscall
        ldr     x16, [x16, :lo12:sockwatch_real_syscall]
        cbz     x16, .Lraw
        cmp     x0, #SYS_close
        b.eq    .Llook
        cmp     x0, #SYS_connect
        b.eq    .Llook
        cmp     x0, #SYS_dup3
        b.eq    .Llook
        cmp     x0, #SYS_close_range
        b.eq    .Llook
        cmp     x0, #SYS_unshare
        b.eq    .Llook
        cmp     x0, #SYS_seccomp
        b.eq    .Llook
        cmp     x0, #SYS_prctl
        b.eq    .Llook
        cmp     x0, #SYS_clone
        b.eq    .Lclone
        br      x16
.Lclone:
        tbnz    x1, #8, .Lpass
        tbnz    x1, #19, .Lpass
        cbz     x2, .Llook
.Lpass:
        br      x16
.Llook:
        b       sockwatch_syscall
.Lraw:
        mov     x8, x0
        mov     x0, x1
        mov     x1, x2
        mov     x2, x3
        mov     x3, x4
        mov     x4, x5
        mov     x5, x6
        svc     #0
        cmn     x0, #4095
        b.cs    .Lfailed
        ret
.Lfailed:
        b       sockwatch_set_errno
        .cfi_endproc
        .size   syscall, . - syscall

        .p2align 4
        .globl  dlopen
        .type   dlopen, @function
dlopen:
        .cfi_startproc
        hint    #34
        adrp    x16, sockwatch_dlopen_mask
        ldr     w16, [x16, :lo12:sockwatch_dlopen_mask]
        bics    wzr, w1, w16
        b.ne    .Ldeep
.Lopen:
        adrp    x16, sockwatch_real_dlopen
        ldr     x16, [x16, :lo12:sockwatch_real_dlopen]
        cbz     x16, .Lfind
        br      x16
.Lfind:
        stp     x29, x30, [sp, #-32]!
        .cfi_adjust_cfa_offset 32
        stp     x0, x1, [sp, #16]
        bl      sockwatch_find_dlopen
        mov     x16, x0
        ldp     x0, x1, [sp, #16]
        ldp     x29, x30, [sp], #32
        .cfi_adjust_cfa_offset -32
        cbz     x16, .Lnone
        br      x16
.Lnone:
        mov     x0, #0
        ret
.Ldeep:
        stp     x29, x30, [sp, #-32]!
        .cfi_adjust_cfa_offset 32
        stp     x0, x1, [sp, #16]
        bl      sockwatch_names_a_path
        mov     w16, w0
        ldp     x0, x1, [sp, #16]
        ldp     x29, x30, [sp], #32
        .cfi_adjust_cfa_offset -32
        cbz     w16, .Lshallow
        b       sockwatch_dlopen_deep
.Lshallow:
        adrp    x16, sockwatch_dlopen_mask
        ldr     w16, [x16, :lo12:sockwatch_dlopen_mask]
        and     w1, w1, w16
        b       .Lopen
        .cfi_endproc
        .size   dlopen, . - dlopen

#define VFORK_FLAGS 0x4111  /* CLONE_VFORK, CLONE_VM, SIGCHLD */

        .p2align 4
        .globl  vfork
        .globl  __vfork
        .type   vfork, @function
vfork:
        .cfi_startproc
        hint    #34
        adrp    x16, sockwatch_real_vfork
        ldr     x16, [x16, :lo12:sockwatch_real_vfork]
        cbz     x16, .Lvfork_early
        mrs     x9, tpidr_el0
        adrp    x10, :gottprel:MINE
        ldr     x10, [x10, :gottprel_lo12:MINE]
        add     x9, x9, x10
        ldr     w10, [x9, #FOREIGN]
        orr     w10, w10, #VFORKED
        str     w10, [x9, #FOREIGN]
        adrp    x11, SANDBOXED
        ldrb    w11, [x11, :lo12:SANDBOXED]
        cbnz    w11, .Lvfork_told
        br      x16
.Lvfork_told:
        mov     x0, #VFORK_FLAGS
        mov     x1, #0
        mov     x8, #SYS_clone
        svc     #0
        cbz     x0, .Lvfork_child
        ldr     w10, [x9, #FOREIGN]
        and     w10, w10, #OWN_TABLE
        str     w10, [x9, #FOREIGN]
        cmn     x0, #4095
        b.cs    .Lvfork_failed
        ret
.Lvfork_child:
        orr     w10, w10, #BORROWER
        str     w10, [x9, #FOREIGN]
        ret
.Lvfork_failed:
        b       sockwatch_set_errno
.Lvfork_early:
        mov     x0, #VFORK_FLAGS
        mov     x1, #0
        mov     x8, #SYS_clone
        svc     #0
        cmn     x0, #4095
        b.cs    .Lvfork_failed
        ret
        .cfi_endproc
        .size   vfork, . - vfork
        .set    __vfork, vfork
#endif

        .section .note.GNU-stack, "", %progbits
