namespace CudaRpc.Simulator.Graphs;

/// <summary>
/// An object of the program whose end the program wants to know when nobody refers to it any more. The function that is told runs on a thread
/// of the driver's own, once.
/// </summary>
/// <param name="pointer">The object, for the function.</param>
/// <param name="destroy">The function.</param>
/// <param name="references">References that the program begins with.</param>
/// <param name="forget">Called first when there are none left: the handle ends.</param>
internal sealed unsafe class UserObject(
    void* pointer, delegate* unmanaged[Cdecl]<void*, void> destroy, int references, Action<UserObject> forget)
{
    private readonly void* _pointer = pointer;
    private readonly delegate* unmanaged[Cdecl]<void*, void> _destroy = destroy;
    private long _references = references;

    public nint Handle { get; set; }

    public void Retain(int count) => Interlocked.Add(ref _references, count);

    /// <summary>Gives references back; with the last the object ends.</summary>
    public void Release(int count)
    {
        if (Interlocked.Add(ref _references, -count) > 0)
        {
            return;
        }
        forget(this);
        ThreadPool.UnsafeQueueUserWorkItem(static self => HostFunctionScope.Call(((UserObject)self!)._destroy, ((UserObject)self)._pointer), this);
    }
}
