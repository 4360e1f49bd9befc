namespace CudaRpc.Model;

/// <summary>What a call has to do with the device's timelines.</summary>
internal enum DeviceOperation : byte
{
    None,
    Work,
    CopyToDevice,
    CopyToHost,
    HostFunction,
    RecordEvent,
    WaitEvent,
    SynchronizeEvent,
    SynchronizeStream,
    SynchronizeAll,
    QueryEvent,
    QueryStream,
}
