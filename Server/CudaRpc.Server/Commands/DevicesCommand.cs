using System.CommandLine;
using System.Text.Json;
using CudaRpc.Driver;

namespace CudaRpc.Server.Commands;

/// <summary><c>cudarpc devices</c>: what GPUs a server has.</summary>
internal static class DevicesCommand
{
    public static Command Create()
    {
        var server = new Option<string?>("--server")
        {
            Description = "tcp://host:port, unix:///path, shm:///path, sim: or native:. Default: CUDARPC_SERVER or the configuration file.",
            HelpName = "URL",
        };
        var json = new Option<bool>("--json") { Description = "Write JSON." };
        var command = new Command("devices", "List the devices of a server.") { server, json };
        command.SetAction(parsed => Run(parsed.GetValue(server), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string? url, bool json)
    {
        try
        {
            using CudaSession session = url is null ? CudaSession.Connect() : CudaSession.Connect(url);
            if (json)
            {
                Console.WriteLine(JsonSerializer.Serialize(session.Devices.Select(device => new
                {
                    ordinal = device.Ordinal,
                    name = device.Name,
                    uuid = device.Uuid,
                    computeCapability = device.ComputeCapability.ToString(),
                    memoryBytes = device.TotalMemory,
                    multiprocessors = device.GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
                })));
                return 0;
            }

            foreach (CudaDevice device in session.Devices)
            {
                int multiprocessors = device.GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
                Console.WriteLine(
                    $"{device.Ordinal}: {device.Name}, compute capability {device.ComputeCapability}, {device.TotalMemory >> 20} MiB, "
                    + $"{multiprocessors} multiprocessors, UUID {device.Uuid}");
            }

            return 0;
        }
        catch (Exception failure) when (ExpectedFailure.Describe(failure) is not null)
        {
            return ExpectedFailure.Report("devices", ExpectedFailure.Describe(failure)!);
        }
    }
}
