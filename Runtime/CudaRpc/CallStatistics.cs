namespace CudaRpc;

/// <summary>
/// Driver calls of a session by how they travelled, and bytes on the wire, frame headers included. All zero where the driver
/// is in the same process.
/// </summary>
/// <param name="Posted">Calls that were sent and not waited for.</param>
/// <param name="Synchronous">Calls that waited for a reply: round trips.</param>
/// <param name="Local">Calls the client answered by itself.</param>
/// <param name="BytesSent">Bytes to the server.</param>
/// <param name="BytesReceived">Bytes from the server.</param>
public readonly record struct CallStatistics(long Posted, long Synchronous, long Local, long BytesSent, long BytesReceived)
{
    /// <summary>Adds two counts.</summary>
    public static CallStatistics operator +(CallStatistics left, CallStatistics right) => new(
        left.Posted + right.Posted,
        left.Synchronous + right.Synchronous,
        left.Local + right.Local,
        left.BytesSent + right.BytesSent,
        left.BytesReceived + right.BytesReceived);

    /// <summary>What was added since <paramref name="right"/>.</summary>
    public static CallStatistics operator -(CallStatistics left, CallStatistics right) => new(
        left.Posted - right.Posted,
        left.Synchronous - right.Synchronous,
        left.Local - right.Local,
        left.BytesSent - right.BytesSent,
        left.BytesReceived - right.BytesReceived);
}
