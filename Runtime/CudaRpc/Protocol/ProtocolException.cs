using System.Diagnostics.CodeAnalysis;

namespace CudaRpc.Protocol;

/// <summary>The peer broke the protocol. The connection that carried it is closed; nothing else is affected.</summary>
public sealed class ProtocolException : Exception
{
    /// <summary>Creates the exception with a message that names the frame or field and the offending value.</summary>
    public ProtocolException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception for a body that does not decode.</summary>
    public ProtocolException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    [DoesNotReturn]
    internal static void Throw(string message) => throw new ProtocolException(message);
}
