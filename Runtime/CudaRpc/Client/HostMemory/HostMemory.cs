using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Transport;

namespace CudaRpc.Client;

/// <summary>
/// The program's page-locked, registered and managed memory. It costs nothing until kernels may reach it: until then it is ordinary memory.
/// A call that names an address in it (a launch by a parameter) makes it reachable: the server gets a twin at the same address, and from then
/// on changes travel both ways. docs/host-memory.md. Safe from any thread.
/// </summary>
internal sealed unsafe partial class HostMemory(Session session) : IDisposable
{
    private const int WindowAttempts = 8;

    private readonly Lock _windowLock = new();
    private readonly List<HostWindow> _windows = [];
    private long _lastId;
    private bool _windowsRefused;

    /// <summary>The memory, by address.</summary>
    public HostBlocks Blocks { get; } = new();

    /// <summary>Whether there is a twin, so that waiting for the GPU may change memory of the program.</summary>
    public bool HasTwins => _twins.Length > 0;

    /// <summary>Whether an address is one by which kernels, copies and sets reach memory of the program.</summary>
    public bool IsTwin(ulong address) => Blocks.Find(address) is HostBlock block && block.IsTwin(address);

    /// <summary>Allocates zeroed memory. Null if there is none.</summary>
    public HostBlock? Allocate(nuint bytes, uint flags, HostBlockKind kind, CUcontext context)
    {
        ulong start = AllocateInWindow(bytes);
        bool isInWindow = start != 0;
        if (!isInWindow)
        {
            // Its twin then may, or may not, get the same address.
            start = Pages.MapAnywhere(Pages.Ceiling(bytes));
        }

        if (start == 0)
        {
            return null;
        }

        var block = new HostBlock(start, bytes, flags, kind, context, (ulong)Interlocked.Increment(ref _lastId)) { IsInWindow = isInWindow };
        if (Blocks.TryAdd(block))
        {
            return block;
        }

        // The program has given memory back to the system that it had registered, and left it registered.
        Free(block);
        return null;
    }

    /// <summary>Takes on memory of the program; false if some of it is the session's already.</summary>
    public bool TryRegister(ulong start, nuint bytes, uint flags, CUcontext context, [NotNullWhen(true)] out HostBlock? block)
    {
        block = new HostBlock(start, bytes, flags, HostBlockKind.Registered, context, (ulong)Interlocked.Increment(ref _lastId));
        return Blocks.TryAdd(block);
    }

    /// <summary>Gives back memory that was allocated. It has no twin any more, and nobody uses it.</summary>
    public void Free(HostBlock block)
    {
        if (!block.IsInWindow)
        {
            Pages.Unmap(block.Start, Pages.Ceiling(block.Bytes));
            return;
        }

        lock (_windowLock)
        {
            _windows.First(window => window.Contains(block.Start)).Free(block.Start, block.Bytes);
        }
    }

    /// <summary>After the session's end: frees what was allocated. What a server in this process may still use stays.</summary>
    public void Dispose()
    {
        session.Host.RemoveAll();
        bool shared = false;
        foreach (HostBlock block in Blocks.All)
        {
            shared |= block.IsShared;
            if (Blocks.TryRemove(block.Start, block.Kind, out _) && block is { IsShared: false, Kind: not HostBlockKind.Registered, IsInWindow: false })
            {
                Pages.Unmap(block.Start, Pages.Ceiling(block.Bytes));
            }
        }

        lock (_flushLock)
        {
            lock (_stateLock)
            {
                Array.ForEach(_twins, static twin => twin.EndTwin());
                _twins = [];
            }
        }

        lock (_windowLock)
        {
            if (!shared)
            {
                _windows.ForEach(static window => Pages.Unmap(window.Start, window.Bytes));
            }

            _windows.Clear();
            _windowsRefused = true;
        }
    }

    private ulong AllocateInWindow(nuint bytes)
    {
        lock (_windowLock)
        {
            foreach (HostWindow window in _windows)
            {
                if (window.Allocate(bytes) is not 0 and var start)
                {
                    return start;
                }
            }

            if (!_windowsRefused && OpenWindow() is HostWindow opened)
            {
                _windows.Add(opened);
                return opened.Allocate(bytes);
            }

            return 0;
        }
    }

    // The server keeps addresses for the session; here something may be in the way, then it is asked for others.
    private HostWindow? OpenWindow()
    {
        byte* identity = stackalloc byte[ProcessIdentity.Size];
        ProcessIdentity.Value.CopyTo(new Span<byte>(identity, ProcessIdentity.Size));
        for (int attempt = 0; attempt < WindowAttempts; attempt++)
        {
            var call = new Call(session, CallId.cuMemHostAlloc);
            call.WriteArray(identity, ProcessIdentity.Size);
            if (call.Invoke() != CUresult.CUDA_SUCCESS)
            {
                break;
            }

            ulong start = call.ReadUInt64();
            ulong bytes = call.ReadUInt64();
            call.End();
            if (start % Pages.Size == 0 && Pages.TryReserve(start, bytes))
            {
                return new HostWindow(start, bytes);
            }
        }

        _windowsRefused = true;
        return null;
    }
}
