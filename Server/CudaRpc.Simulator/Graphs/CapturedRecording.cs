namespace CudaRpc.Simulator.Graphs;

/// <summary>An event recorded in a captured stream: it stands for the nodes that the stream ended with then.</summary>
internal sealed record CapturedRecording(StreamCapture Capture, GraphEdgeEnd[] Ends);
