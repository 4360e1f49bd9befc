using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Server;

/// <summary>
/// The twins of a client's host memory: made when kernels may reach it, kept the same as the client's side by changes that travel both ways.
/// Those of the client are stored as they come; those of kernels are collected when a call shows the program what the GPU has done.
/// docs/host-memory.md. Any thread.
/// </summary>
internal sealed unsafe class HostTwins(CudaDriver driver, HostChannel channel, HostWindows windows, long limit)
{
    private const uint RegisterFlags = 3; // CU_MEMHOSTREGISTER_PORTABLE | DEVICEMAP
    private const ulong AddressEnd = 1UL << 47;

    // Held while changes are collected and queued, so that they leave in the order in which they were collected. Taken before _stateLock.
    private readonly Lock _pushLock = new();

    // Guards the twins and their copies. Never held while something waits for the client.
    private readonly object _stateLock = new();
    private readonly TwinPages _pages = new(windows);
    private byte[] _outgoing = [];
    private byte[] _incoming = [];
    private volatile HostTwin[] _twins = [];
    private long _bytes;
    private uint _stored;
    private bool _closed;

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => _twins.Length == 0;

    /// <summary>Addresses for memory of the client; 0 where there are none.</summary>
    /// <param name="isShared">Whether the client is in this process, and will use them itself.</param>
    public ulong OpenWindow(bool isShared)
    {
        lock (_stateLock)
        {
            return _closed ? 0 : _pages.Open(reserve: !isShared);
        }
    }

    /// <summary>Makes a twin, in the current context.</summary>
    public CUresult Add(ulong start, nuint bytes, bool isShared, nint context, out ulong device)
    {
        device = 0;
        if (start == 0 || bytes == 0 || start >= AddressEnd || bytes > AddressEnd - start)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        lock (_pushLock)
        {
            lock (_stateLock)
            {
                return Array.Exists(_twins, twin => twin.Start < start + bytes && start < twin.Start + twin.Bytes)
                    ? CUresult.CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED
                    : Make(start, bytes, isShared, context, out device);
            }
        }
    }

    /// <summary>Ends a twin after the work of the current context, and asks the client to store what that has changed.</summary>
    public CUresult Remove(ulong start)
    {
        HostTwin? twin = Array.Find(_twins, twin => twin.Start == start);
        if (twin is null)
        {
            return CUresult.CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
        }

        _ = driver.cuCtxSynchronize();
        CUresult status = driver.cuMemHostUnregister(twin.Memory);
        Push();
        if (status == CUresult.CUDA_SUCCESS)
        {
            Drop([twin]);
        }

        // Else its context has failed and kernels of others may still reach it: it goes with the context.
        return status;
    }

    /// <summary>Asks the client to store what has changed since. Nothing is sent where nothing has.</summary>
    public void Push()
    {
        if (IsEmpty)
        {
            return;
        }

        lock (_pushLock)
        {
            foreach (HostTwin twin in _twins)
            {
                for (nuint position = 0; !twin.IsShared && position < twin.Bytes;)
                {
                    nuint offset = position;
                    int length;
                    lock (_stateLock)
                    {
                        // SAFETY: memory and copy stay until the twin is dropped, which takes _pushLock.
                        length = MemoryChanges.Encode(twin.Memory, twin.Copy, twin.Bytes, ref position, _outgoing);
                    }

                    if (length > 0)
                    {
                        channel.PushChanges(twin.Start, offset, _outgoing.AsSpan(0, length));
                    }
                }
            }
        }
    }

    /// <summary>Stores what the client has changed. For the thread that receives.</summary>
    /// <exception cref="ProtocolException">It does not decode, or leaves the twin.</exception>
    public void Apply(ulong start, ulong offset, FrameReader reader, ulong length)
    {
        if (length > MemoryChanges.Piece)
        {
            ProtocolException.Throw($"changes of {length} bytes; at most {MemoryChanges.Piece} come together");
        }

        if (_incoming.Length == 0)
        {
            _incoming = GC.AllocateUninitializedArray<byte>(MemoryChanges.Piece, pinned: true);
        }

        fixed (byte* incoming = _incoming)
        {
            reader.ReadBulk(incoming, (nuint)length);
        }

        lock (_stateLock)
        {
            // One that has ended meanwhile needs nothing any more.
            if (Array.Find(_twins, twin => twin.Start == start) is { IsShared: false } twin)
            {
                MemoryChanges.Apply(twin.Memory, twin.Copy, twin.Bytes, offset, _incoming.AsSpan(0, (int)length));
            }

            _stored++;
            Monitor.PulseAll(_stateLock);
        }
    }

    /// <summary>Waits until so many changes of the client have been stored (modulo 2^32), or the session ends.</summary>
    public void WaitForChanges(uint changes)
    {
        lock (_stateLock)
        {
            while ((int)(changes - _stored) > 0 && !_closed)
            {
                Monitor.Wait(_stateLock);
            }
        }
    }

    /// <summary>A context has ended, or goes on without the session and is current; then what is page-locked there is let go.</summary>
    public void ReleaseContext(nint context, CudaDriver? survivor)
    {
        HostTwin[] ending = Array.FindAll(_twins, twin => twin.Context == context);
        if (survivor is not null && ending.Length > 0)
        {
            _ = survivor.cuCtxSynchronize();
            Array.ForEach(ending, twin => survivor.cuMemHostUnregister(twin.Memory));
        }

        Drop(ending);
    }

    /// <summary>The session ends: nobody waits for the client any more.</summary>
    public void Close()
    {
        lock (_stateLock)
        {
            _closed = true;
            Monitor.PulseAll(_stateLock);
        }
    }

    /// <summary>Frees everything. The driver makes no use of it any more.</summary>
    public void Free()
    {
        Close();
        Drop(_twins);
        lock (_stateLock)
        {
            _pages.Close();
        }
    }

    private CUresult Make(ulong start, nuint bytes, bool isShared, nint context, out ulong device)
    {
        device = 0;
        if (_closed || (long)bytes > limit - _bytes)
        {
            return CUresult.CUDA_ERROR_OUT_OF_MEMORY;
        }

        ulong mapped = isShared ? start : _pages.Map(start, bytes);
        if (mapped == 0)
        {
            return CUresult.CUDA_ERROR_OUT_OF_MEMORY;
        }

        CUdeviceptr address;
        CUresult status = driver.cuMemHostRegister_v2((void*)mapped, bytes, RegisterFlags);
        if (status == CUresult.CUDA_SUCCESS)
        {
            status = driver.cuMemHostGetDevicePointer_v2(&address, (void*)mapped, 0);
            if (status == CUresult.CUDA_SUCCESS)
            {
                if (_outgoing.Length == 0)
                {
                    _outgoing = GC.AllocateUninitializedArray<byte>(MemoryChanges.Piece);
                }

                _twins = [.. _twins, new HostTwin(start, bytes, (byte*)mapped, context, isShared)];
                _bytes += (long)bytes;
                device = address.Value;
                return status;
            }

            driver.cuMemHostUnregister((void*)mapped);
        }

        if (!isShared)
        {
            _pages.Unmap(mapped, start, bytes);
        }

        return status;
    }

    private void Drop(HostTwin[] ending)
    {
        if (ending.Length == 0)
        {
            return;
        }

        lock (_pushLock)
        {
            lock (_stateLock)
            {
                foreach (HostTwin twin in ending.Intersect(_twins))
                {
                    _bytes -= (long)twin.Bytes;
                    twin.FreeCopy();
                    if (!twin.IsShared)
                    {
                        _pages.Unmap((ulong)twin.Memory, twin.Start, twin.Bytes);
                    }
                }

                _twins = [.. _twins.Except(ending)];
            }
        }
    }
}
