using System.Buffers.Binary;
using System.Security.Cryptography;
using CudaRpc.Driver;

namespace CudaRpc.Server;

/// <summary>
/// What the sessions of one server share, by the random token that a client passes to another by means of its own. Knowing a token is the
/// permission to open what it names. Any thread.
/// </summary>
internal sealed class SharedObjects
{
    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, SharedObject> _objects = [];
    private readonly Dictionary<(ServerSession Owner, SharedKind Kind, ulong Value), UInt128> _tokens = [];

    /// <summary>The token of an object; the same for the same one as long as it is not withdrawn.</summary>
    public UInt128 Export(SharedObject shared)
    {
        lock (_lock)
        {
            if (_tokens.TryGetValue((shared.Owner, shared.Kind, shared.Value), out UInt128 token))
            {
                return token;
            }

            Span<byte> random = stackalloc byte[16];
            RandomNumberGenerator.Fill(random);
            token = BinaryPrimitives.ReadUInt128LittleEndian(random);
            _objects.Add(token, shared);
            _tokens.Add((shared.Owner, shared.Kind, shared.Value), token);
            return token;
        }
    }

    public SharedObject? Find(UInt128 token, SharedKind kind)
    {
        lock (_lock)
        {
            return _objects.TryGetValue(token, out SharedObject? found) && found.Kind == kind ? found : null;
        }
    }

    /// <summary>
    /// The owner frees it: nobody may open it any more. True if others have it open under the same address, so that it must not be freed now;
    /// the last of them does.
    /// </summary>
    public bool Withdraw(ServerSession owner, SharedKind kind, ulong value, bool dies = false)
    {
        SharedObject shared;
        lock (_lock)
        {
            if (!_tokens.Remove((owner, kind, value), out UInt128 token))
            {
                return false;
            }

            _objects.Remove(token, out shared!);
        }

        lock (shared)
        {
            shared.IsWithdrawn = true;
            shared.IsFreedLast = shared.Imports > 0 && !dies;
            return shared.IsFreedLast;
        }
    }

    /// <summary>Everything that a session shared is gone with it.</summary>
    public void WithdrawAll(ServerSession owner)
    {
        (ServerSession Owner, SharedKind Kind, ulong Value)[] own;
        lock (_lock)
        {
            own = [.. _tokens.Keys.Where(key => key.Owner == owner)];
        }

        foreach ((ServerSession _, SharedKind kind, ulong value) in own)
        {
            Withdraw(owner, kind, value, dies: true);
        }
    }

    /// <summary>A session has closed memory that it had open under the owner's address.</summary>
    public static void Close(SharedObject shared, CudaDriver driver)
    {
        if (shared.Leave())
        {
            driver.cuMemFree_v2(new CUdeviceptr(shared.Value));
        }
    }
}
