using System.Collections.Concurrent;
using CudaRpc.Client;
using CudaRpc.Protocol;
using CudaRpc.Server;
using CudaRpc.Simulator;
using CudaRpc.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace CudaRpc.EndToEnd.Tests.Connections;

/// <summary>What a server's lane does with its connection.</summary>
public sealed class ServerLaneTests
{
    /// <summary>
    /// What another thread has posted can take long, or wait for its turn, and is nothing that the thread has asked for that may not have noticed its
    /// reply.
    /// </summary>
    [Fact]
    public void Lane_BeforeThePostedCallOfAnotherThread_RousesTheOneThatItHasAnswered()
    {
        using var connection = new Script(
            new FrameHeader(0, CallId.cuCtxSynchronize, FrameFlags.None, 0, 1, 0),
            new FrameHeader(0, CallId.cuCtxSynchronize, FrameFlags.None, 0, 2, 0),
            // Number 3 comes over another lane.
            new FrameHeader(0, ControlId.Settled, FrameFlags.Posted, 0, 4, 0),
            new FrameHeader(0, ControlId.Settled, FrameFlags.Posted, 0, 5, 0),
            new FrameHeader(0, ControlId.Goodbye, FrameFlags.Posted, 0, 6, 0));
        using var gpu = new SimulatedGpu(new SimulatedGpuOptions());
        var limits = new ServerLimits();
        var driver = new NullDriver(gpu);
        driver.cuInit(0);
        var session = new ServerSession(
            1, driver, connection, limits, new ImageCache(limits.ImageCacheBytes), new HostWindows(), NullLogger.Instance) { Shares = new SharedObjects() };
        using var lane = new ServerLane(session, connection, new FrameReader(connection));

        bool endsWell = false;
        var runner = new Worker(() => endsWell = lane.Run());

        Condition.Becomes(3, () => connection.Steps.Count);
        session.Gate.Enter(3);
        session.Gate.Leave();
        runner.Ends();

        Assert.True(endsWell);
        Assert.Equal([nameof(Connection.SendBeforeReceive), nameof(Connection.SendBeforeReceive), nameof(Connection.Rouse)], connection.Steps);
    }

    /// <summary>Brings these frames, and notes what is done.</summary>
    private sealed class Script(params FrameHeader[] frames) : Connection
    {
        private int _next;

        public ConcurrentQueue<string> Steps { get; } = [];

        public override string Peer => "a test";

        public override long Deadline { get; set; } = long.MaxValue;

        public override void Send(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) => Steps.Enqueue(nameof(Send));

        public override void SendBeforeReceive(ReadOnlySpan<byte> bytes) => Steps.Enqueue(nameof(SendBeforeReceive));

        public override void Rouse() => Steps.Enqueue(nameof(Rouse));

        public override int TrySend(ReadOnlySpan<byte> bytes) => throw new NotSupportedException();

        public override int Receive(Span<byte> destination)
        {
            frames[_next++].Write(destination);
            return FrameHeader.Size;
        }

        public override int TryReceive(Span<byte> destination) => throw new NotSupportedException();

        public override void Abort()
        {
        }

        public override void Dispose()
        {
        }
    }
}
