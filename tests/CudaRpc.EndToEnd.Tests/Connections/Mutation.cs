namespace CudaRpc.EndToEnd.Tests.Connections;

/// <summary>What is taken away from the protocol, to see that it is missed.</summary>
public enum Mutation
{
    None,
    PublishWithoutFence,
    ReleaseWithoutFence,
    AnnounceWithoutFence,
    NoSecondLook,
    NoRouseBeforeTheAnswer,
    NoRouseBeforeRoom,
    RouseWithoutFence,
    NoLastLook,
    InlineNotTakenBack,
}
